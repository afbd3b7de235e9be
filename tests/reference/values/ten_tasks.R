# Ten tasks of a statistician in R, each number as a row of ten_tasks.csv.
# Rscript tests/reference/values/ten_tasks.R   from the root of the repository; prints its versions.
suppressMessages({library(lme4); library(lmerTest); library(nlme); library(emmeans); library(survival); library(clubSandwich)})
rows <- list()
add <- function(task, name, value) rows[[length(rows) + 1]] <<- data.frame(task = task, name = name, value = as.numeric(value))
sleep <- read.csv("tests/data/mixed/sleepstudy.csv")
child <- read.csv("tests/data/mixed/Orthodont.csv"); child$Sex <- factor(child$Sex, levels = c("Male", "Female"))
fev <- read.csv("tests/data/mixed/fev_data.csv"); fev$AVISIT <- factor(fev$AVISIT); fev$ARMCD <- factor(fev$ARMCD)
fev$slot <- as.integer(fev$AVISIT)
lung <- read.csv("tests/data/survival/lung.csv")
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10))
# 1 a mixed model with small-sample tests
m <- lmerTest::lmer(Reaction ~ Days + (Days | Subject), sleep, control = tight)
s <- coef(summary(m)); for (k in 1:2) for (n in 1:5) add(1, paste(rownames(s)[k], colnames(s)[n]), s[k, n])
add(1, "logLik", logLik(m)); add(1, "AIC", AIC(m)); add(1, "BIC", BIC(m))
# 2 profile intervals
p <- suppressMessages(confint(m, parm = "beta_", method = "profile", oldNames = FALSE))
for (k in 1:2) for (n in 1:2) add(2, paste(rownames(p)[k], c("low", "high")[n]), p[k, n])
# 3 random effects with their standard deviations
r <- ranef(m, condVar = TRUE)$Subject; v <- attr(r, "postVar")
for (k in 1:2) { add(3, paste(rownames(r)[k], "intercept"), r[k, 1]); add(3, paste(rownames(r)[k], "sd"), sqrt(v[1, 1, k])) }
# 4 nested random effects by likelihood ratio
a <- lme4::lmer(Reaction ~ Days + (1 | Subject), sleep, REML = FALSE, control = tight)
b <- lme4::lmer(Reaction ~ Days + (Days | Subject), sleep, REML = FALSE, control = tight)
t <- anova(a, b); add(4, "chi_square", t$Chisq[2]); add(4, "p", t$`Pr(>Chisq)`[2])
# 5 type III tests
c3 <- lmerTest::lmer(distance ~ age * Sex + (age | Subject), child, control = tight, contrasts = list(Sex = "contr.sum"))
for (d in c("Satterthwaite", "Kenward-Roger")) { t <- anova(c3, type = 3, ddf = d)
  for (k in 1:3) { add(5, paste(d, rownames(t)[k], "F"), t$`F value`[k]); add(5, paste(d, rownames(t)[k], "df"), t$DenDF[k]) } }
# 6 repeated measures and least-squares means by visit
g <- gls(FEV1 ~ RACE + SEX + ARMCD * AVISIT, fev, correlation = corSymm(form = ~ slot | USUBJID),
         weights = varIdent(form = ~ 1 | AVISIT), na.action = na.omit, control = glsControl(tolerance = 1e-9, msTol = 1e-10))
add(6, "logLik", logLik(g))
e <- summary(emmeans(g, ~ ARMCD * AVISIT, mode = "asymptotic"))
for (k in 1:nrow(e)) { n <- paste(e$ARMCD[k], e$AVISIT[k]); add(6, paste(n, "mean"), e$emmean[k]); add(6, paste(n, "error"), e$SE[k]) }
# 7 all pairs of visits by the multivariate t
q <- summary(pairs(emmeans(g, ~ AVISIT, mode = "asymptotic"), adjust = "mvt", reverse = TRUE), infer = TRUE)
for (k in 1:nrow(q)) { add(7, paste(q$contrast[k], "difference"), q$estimate[k]); add(7, paste(q$contrast[k], "high"), q$asymp.UCL[k]) }
# 8 robust errors with CR2
cr <- coef_test(lme(distance ~ age * Sex, child, ~ age | Subject, control = lmeControl(opt = "optim", reltol = 1e-12, msMaxIter = 500)), vcov = "CR2")
for (k in 1:4) { n <- rownames(cr); n <- if (is.null(cr$Coef)) n[k] else cr$Coef[k]; add(8, paste(n, "error"), cr$SE[k]); add(8, paste(n, "df"), cr$df_Satt[k]) }
# 9 Cox regression: hazard ratios, proportional hazards, concordance, survival of a person
f <- coxph(Surv(time, status) ~ age + sex + ph.ecog, lung); s <- summary(f)
for (k in 1:3) for (n in 1:4) add(9, paste(rownames(s$conf.int)[k], colnames(s$conf.int)[n]), s$conf.int[k, n])
z <- cox.zph(f)$table; for (k in 1:4) add(9, paste(rownames(z)[k], "zph"), z[k, "chisq"])
add(9, "concordance", s$concordance[1])
o <- summary(survfit(f, newdata = data.frame(age = 60, sex = 1, ph.ecog = 1)), times = c(180, 365))
for (k in 1:2) { add(9, paste("survival", o$time[k]), o$surv[k]); add(9, paste("low", o$time[k]), o$lower[k]) }
# 10 Kaplan-Meier medians, log-rank, restricted means
k <- survfit(Surv(time, status) ~ sex, lung); t <- summary(k, rmean = 500)$table
for (n in 1:2) for (h in c("median", "0.95LCL", "0.95UCL")) add(10, paste(n, h), t[n, h])
h <- grep("rmean", colnames(t)); for (n in 1:2) { add(10, paste(n, "rmst"), t[n, h[1]]); add(10, paste(n, "rmst error"), t[n, h[2]]) }
add(10, "log-rank", survdiff(Surv(time, status) ~ sex, lung)$chisq)
options(digits = 15); write.csv(do.call(rbind, rows), "tests/reference/values/ten_tasks.csv", row.names = FALSE)
for (n in c("lme4", "lmerTest", "nlme", "emmeans", "survival", "clubSandwich", "pbkrtest")) cat(n, format(packageVersion(n)), "")
cat(R.version.string, "\n")
