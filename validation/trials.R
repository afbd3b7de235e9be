# Fits the trials that `python -m validation.trials` wrote by nlme::gls; the log likelihood is NA where gls does not converge.
suppressMessages(library(nlme))
folder <- commandArgs(trailingOnly = TRUE)[1]
visits <- read.csv(file.path(folder, "visits.csv"))
ours <- read.csv(file.path(folder, "ours.csv"))
visits$visit <- factor(visits$visit)
visits$arm <- factor(visits$arm)
visits$slot <- as.integer(sub("V", "", visits$visit))
fit_one <- function(number, structure) {
  d <- visits[visits$trial == number, ]
  d$visit <- droplevels(d$visit)
  unequal <- varIdent(form = ~ 1 | visit)
  correlation <- switch(structure,
    us = corSymm(form = ~ slot | subject),
    cs = , csh = corCompSymm(form = ~ 1 | subject),
    ar1 = , ar1h = corAR1(form = ~ slot | subject),
    sp_exp = corExp(form = ~ months | subject),
    sp_gau = corGaus(form = ~ months | subject))
  weights <- if (structure %in% c("us", "csh", "ar1h")) unequal else NULL
  value <- tryCatch(
    as.numeric(logLik(gls(y ~ visit * arm, d, correlation = correlation, weights = weights, method = "REML"))),
    error = function(e) NA)
  data.frame(trial = number, gls = value)
}
result <- do.call(rbind, Map(fit_one, ours$trial, ours$structure))
write.csv(result, file.path(folder, "gls.csv"), row.names = FALSE)
cat(sum(!is.na(result$gls)), "of", nrow(result), "converged\n")
