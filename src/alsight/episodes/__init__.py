"""Episodes: published definitions of plateau, reversal and responder, applied to observed scores."""
