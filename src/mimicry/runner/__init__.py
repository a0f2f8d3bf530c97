"""A local browser experiment: stimuli on the screen and the webcam on one clock.

The server listens on 127.0.0.1 only. `plan` says what a session shows, `journal` keeps what it
records, `app` is the web application behind the checks of `security`, `convert` makes the study
layout of it.
"""
