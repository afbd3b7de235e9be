"""Full posterior of a model's parameters by the no-U-turn sampler, on the density that maximum likelihood climbs."""
