"""What the dialogue manager learns from, and the code of ours that runs inside Rasa (CPython 3.10)."""
