"""The front door: channels, inbox and outbox, conversation worker, HTTP app."""
