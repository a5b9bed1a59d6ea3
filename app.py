"""Starts the app: `streamlit run app.py`."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.assets import Assets
from pages.frame import Frame
from pages.opening import API_ROUTES, lifespan
from pages.server.memory import tune

tune()

# The script lies in pages/, so Streamlit does not take pages/ for its own kind of page folder: with one beside the main
# script, a deep link on a freshly started server would open a "Page not found" dialog.
app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    routes=API_ROUTES,
    lifespan=lifespan,
    middleware=[Middleware(Assets), Middleware(Frame)],
)
