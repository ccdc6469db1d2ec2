"""Where orders come from: channels, listings, the inbox of received messages, and quarantine."""
