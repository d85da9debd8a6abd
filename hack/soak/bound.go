package main

import "math"

// confidence is that of every bound here.
const confidence = 0.95

// upper is the greatest share that is not refuted at the confidence by k of n
// that were seen: the one-sided bound of Clopper and Pearson. With k = 0 it is
// 1-0.05^(1/n), which is nearly 3/n. Of nothing, anything may be: n = 0 gives 1.
func upper(k, n int) float64 {
	if n <= 0 || k >= n {
		return 1
	}
	low, high := float64(k)/float64(n), 1.0
	for range 100 {
		middle := (low + high) / 2
		if atMost(k, n, middle) > 1-confidence {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// atMost is the chance to see k or fewer of n where each has the chance p.
func atMost(k, n int, p float64) float64 {
	if p <= 0 {
		return 1
	}
	if p >= 1 {
		return 0
	}
	sum := 0.0
	for i := range k + 1 {
		sum += math.Exp(choices(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// choices is the logarithm of the number of ways to choose i of n.
func choices(n, i int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(i + 1))
	c, _ := math.Lgamma(float64(n - i + 1))
	return a - b - c
}
