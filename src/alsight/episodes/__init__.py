"""Episodes: published wordings of plateau, reversal and responder, applied to observed scores."""
