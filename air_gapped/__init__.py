"""
Prepare a machine for the module: use what is there, download what can be had, build the rest.

Standard library only, because it runs before any package is installed. `python3 -m air_gapped --help`
lists the commands; the Makefile is their only other caller. What was proven to build, and why each
workaround is needed, stands in README.md beside this file.
"""
