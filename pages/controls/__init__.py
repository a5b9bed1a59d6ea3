"""Streamlit controls that several pages have: pickers that the address remembers, and what is said in their place."""
