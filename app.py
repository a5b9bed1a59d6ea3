"""Starts the app: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.widgets.engine import lifespan
from pages.widgets.frame import Frame
from pages.widgets.routes import ROUTES

# The script lies in pages/, so Streamlit does not take pages/ for its own kind of page folder: with one beside the main
# script, a deep link on a freshly started server would open a "Page not found" dialog.
app = st.App(
    Path(__file__).parent / "pages" / "main.py", routes=ROUTES, lifespan=lifespan, middleware=[Middleware(Frame)]
)
