// Package catalogue declares the defects: each a small value that says what a
// user would notice, which specs it is to fail, how it is put into the
// controller, and on which mistake it is modelled.
//
// There is a file an area, with one function that lists its defects; All joins
// them. To add one, append a value to the list of its area:
//
//	{
//		ID:         "pods-without-owner",             // words, unique, never used again for another
//		Notice:     "...",                            // one sentence, by somebody who does not know the code
//		Clauses:    []string{"DS-OWN-001"},           // the specs that must fail, the likeliest first
//		Injection:  "writes: ...",                    // a Way, a colon, and how
//		ModelledOn: "...",                            // a known issue, or a mistake of the trade
//		Inject:     creating(func(p *corev1.Pod) { p.OwnerReferences = nil }),
//	}
//
// To add an area, write its file and name its function in All. What several
// areas need stands in ways.go; what a defect needs to be consistent with
// itself, in package lens.
//
// A defect is one mistake, made wherever the program with that mistake would
// make it, and nowhere else: it must neither break more than it says nor be
// noticed only because the controller fights with what stands between it and
// the API server.
//
// What may not live here: anything that knows of a spec but its ID.
package catalogue
