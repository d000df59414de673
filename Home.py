"""Opsdesk's web: this file is the application that a server imports, and the script that runs for each screen.

`make run` serves it; so does `streamlit run Home.py`, which looks for the line that makes `app`.
"""

import streamlit as st

if __name__ == "__main__":
    from ui import frame

    frame.run()
else:
    from web.app import lifespan, middleware, on_script_error, routes

    app = st.App(__file__, routes=routes, middleware=middleware, lifespan=lifespan, on_script_error=on_script_error)
