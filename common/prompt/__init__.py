"""The commands of stage 4 and the two ways to give one: at a prompt, or on the command line."""
