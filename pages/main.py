"""The frame around every page: browser title, look, navigation."""

from pathlib import Path

import streamlit as st

from pages.opening import opened

# Before the navigation, which would take a page's icon for the browser's and fetch that from elsewhere.
st.set_page_config(page_icon=Path(__file__).parent / "icon.svg", layout="wide")

# The default page answers at "/" alone, whatever its url_path; its hidden twin answers at /explore.
page = st.navigation(
    [
        st.Page("explore/page.py", title="Explore", icon=":material/scatter_plot:", url_path="home", default=True),
        st.Page("explore/page.py", title="Explore", url_path="explore", visibility="hidden"),
        st.Page("library/page.py", title="Library", icon=":material/library_music:", url_path="library"),
        st.Page("play/page.py", title="Play", icon=":material/piano:", url_path="play"),
        st.Page("morph/page.py", title="Morph", icon=":material/conversion_path:", url_path="morph"),
        st.Page("transfer/page.py", title="Transfer", icon=":material/graphic_eq:", url_path="transfer"),
        st.Page("listen/page.py", title="Listen", icon=":material/headphones:", url_path="listen"),
        st.Page("compare/page.py", title="Compare", icon=":material/compare:", url_path="compare"),
        st.Page("training/page.py", title="Training", icon=":material/show_chart:", url_path="training"),
    ],
    position="top",
)
st.set_page_config(page_title="Timbre Explorer" if page.title == "Explore" else f"{page.title} · Timbre Explorer")
opened()
from pages.controls.pickers import arrive  # noqa: E402

arrive(page.url_path)
page.run()
