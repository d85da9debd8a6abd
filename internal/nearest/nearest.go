// Package nearest finds, for a word somebody mistyped, the word that was meant.
//
// What may not live here: what the words are about.
package nearest

import "strings"

// Of gives the known word with the smallest edit distance to word, letter case
// aside; empty if none is known.
func Of(word string, known []string) string {
	best, least := "", -1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); least < 0 || d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
