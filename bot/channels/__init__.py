"""Channels: how messages come in and go out, each with the limits of its own world.

`contract` says what a channel is; `rendering`, `receiving`, `sending`, `webhooks` and `polling` do what all of them
have in common; each channel is a folder of its own, and `registry` knows which there are.
"""
