"""People's own sounds: libraries of any number of files, their places on a checkpoint's map, and what is kept of them.

One SQLite database and arrays beside it, in the user's data folder. The sounds stay where they are: nothing here copies or
changes them.
"""
