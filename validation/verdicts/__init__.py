"""The bench on which verdicts are judged: people whose truth is known, oracles, naive rules, and the counting."""
