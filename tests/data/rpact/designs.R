suppressMessages(library(rpact))
out <- list()
add <- function(name, ...) { d <- getDesignGroupSequential(...); out[[length(out)+1]] <<- list(name=name, d=d) }
rates <- list(c(.5,1), c(1/3,2/3,1), c(.25,.5,.75,1), c(.3,.7,1), c(.2,.4,.6,.8,1), c(.6,.8,1))
rows <- data.frame()
one <- function(type, par, info, alpha, sided, beta=NA, bs="none", gb=NA) {
  a <- list(typeOfDesign=type, informationRates=info, alpha=alpha, sided=sided)
  if (type=="asHSD") a$gammaA <- par
  if (type=="asKD") a$gammaA <- par
  if (type=="WT") a$deltaWT <- par
  if (type=="HP") a$constantBoundsHP <- par
  if (type=="asUser") a$userAlphaSpending <- par
  if (bs!="none") { a$typeBetaSpending <- bs; a$beta <- beta; a$bindingFutility <- FALSE; if (bs %in% c("bsHSD","bsKD")) a$gammaB <- gb }
  d <- do.call(getDesignGroupSequential, a)
  k <- length(info)
  fut <- if (bs!="none") c(d$futilityBounds, NA) else rep(NA,k)
  shift <- NA
  if (bs!="none") { ch <- getDesignCharacteristics(d); shift <- sqrt(ch$shift) }
  rows <<- rbind(rows, data.frame(design=length(unique(rows$design))+1, type=type, parameter=paste(par,collapse=" "), alpha=alpha, sided=sided, futility=bs, beta=beta, gamma_futility=gb, look=1:k, information=info, z=d$criticalValues, cumulative_alpha=d$alphaSpent, futility_z=fut, drift=shift))
}
for (r in rates) { one("asOF", NA, r, .025, 1); one("asP", NA, r, .025, 1); one("asHSD", -4, r, .025, 1)}
one("asHSD", 1, rates[[3]], .025, 1); one("asHSD", -2, rates[[4]], .05, 1)
one("asKD", 2, rates[[3]], .025, 1); one("asKD", 3, rates[[5]], .05, 1)
one("HP", 3, rates[[3]], .025, 1); one("HP", 3, rates[[5]], .025, 1)
one("asUser", c(.001,.01,.025), rates[[2]], .025, 1)
one("asOF", NA, rates[[3]], .05, 2); one("asP", NA, rates[[2]], .05, 2); one("asHSD", -4, rates[[5]], .05, 2)
one("asOF", NA, rates[[3]], .025, 1, .2, "bsOF"); one("asOF", NA, rates[[2]], .025, 1, .1, "bsP"); one("asHSD", -4, rates[[5]], .025, 1, .2, "bsHSD", -2); one("asP", NA, rates[[1]], .025, 1, .2, "bsOF")
options(digits=12)
write.csv(format(rows, digits=10), "designs.csv", row.names=FALSE, quote=FALSE)
cat(length(unique(rows$design)), "designs\n")
