"""What this installation knows of itself outside its database: who it is, and every create call that it has begun."""
