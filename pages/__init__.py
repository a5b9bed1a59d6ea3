"""The app's pages, a room for each; `browser`, `controls` and `server` hold what they share. Streamlit runs `main.py`."""
