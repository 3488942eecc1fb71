"""The web console of staff and admins: plain server-rendered pages, a little script for comfort.

A module of pages has `add_routes(app)`; each of its handlers says with `@needs(…)` who may call it, and one without is
refused. `desk.console.app` lists the modules.
"""
