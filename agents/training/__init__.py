"""Training the bundled vision-language model from scratch: questions, flights, fitting."""
