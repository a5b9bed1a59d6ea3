# The five commands people need. `make` lists them.
.PHONY: help install run test check format

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

install:  ## what app, training and development need, into the active environment
	pip install "$$(grep '^torch==' requirements.txt)"
	pip install -r requirements-dev.txt

run:  ## the app
	streamlit run app.py

test:  ## all tests
	python -m pytest

check:  ## lint and types
	ruff check .
	ruff format --check .
	mypy

format:  ## format and mend what can be mended by itself
	ruff check --fix .
	ruff format .
