# Degrees of freedom where a variance is estimated as zero: lmerTest (Satterthwaite) and pbkrtest (Kenward-Roger).
# Rscript tests/reference/values/boundary_degrees.R   from the root of the repository; prints its versions.
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest)})
d <- read.csv("tests/data/mixed/boundary.csv")
rows <- list()
for (s in unique(d$set)) {
  t <- d[d$set == s, ]
  f <- if (t$random[1] == "intercept") y ~ months * arm + (1 | id) else y ~ months * arm + (1 + months | id)
  m <- suppressWarnings(suppressMessages(lmer(f, t, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10)))))
  a <- coef(summary(m)); b <- coef(summary(m, ddf = "Kenward-Roger"))
  L <- rbind(c(0, 1, 0, 0), c(0, 0, 0, 1))
  F <- contestMD(m, L); K <- contestMD(m, L, ddf = "Kenward-Roger")
  for (k in 1:4) rows[[length(rows) + 1]] <- data.frame(set = s, random = t$random[1], term = rownames(a)[k],
    estimate = a[k, 1], error = a[k, 2], df = a[k, 3], kr_error = b[k, 2], kr_df = b[k, 3],
    log_likelihood = as.numeric(logLik(m)), f = F[["F value"]], f_df = F$DenDF, kr_f = K[["F value"]], kr_f_df = K$DenDF)
}
write.csv(do.call(rbind, rows), "tests/reference/values/boundary_degrees.csv", row.names = FALSE)
cat(R.version.string, "lme4", format(packageVersion("lme4")), "lmerTest", format(packageVersion("lmerTest")),
    "pbkrtest", format(packageVersion("pbkrtest")), "\n")
