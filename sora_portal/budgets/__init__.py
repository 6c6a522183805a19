"""What people ask and learn about budgets: requests for more, which take the video along that waits for it."""
