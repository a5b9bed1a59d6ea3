"""Commands: one module per verb with NAME, HELP, EXAMPLE, add_arguments(parser) and run(args) -> exit code."""
