"""The app's pages. `main.py` is the script that Streamlit runs; each other file here is one page."""
