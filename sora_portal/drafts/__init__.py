"""What somebody is typing, kept on the server until it is sent: after a reload, a new sign-in, on another device."""
