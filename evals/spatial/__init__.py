"""The benchmark of spatial relations: pictures whose truth is known, strategies, figures."""
