package nodepool

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func nodes(n int) []Candidate {
	var out []Candidate
	for i := range n {
		out = append(out, Candidate{Name: fmt.Sprintf("n%d", i+1), Labels: map[string]string{"odd": fmt.Sprint(i%2 == 0)}})
	}
	return out
}

// Shared leases crowd on few nodes, so that one that needs a node alone finds it.
func TestSharedLeasesLeaveNodesFree(t *testing.T) {
	var table Table
	grant := func(token string, need Need) (Ticket, bool) {
		table.Enqueue(Ticket{Token: token, Need: need})
		got, ok, _ := table.Grant(token, nodes(4))
		return got, ok
	}
	for i := range crowd {
		if got, ok := grant(fmt.Sprint("shared", i), Need{Workers: 2}); !ok || !slices.Equal(got.Nodes, []string{"n1", "n2"}) {
			t.Errorf("lease %d has %v", i, got.Nodes)
		}
	}
	if got, ok := grant("alone", Need{Workers: 1, Exclusive: true}); !ok || !slices.Equal(got.Nodes, []string{"n3"}) {
		t.Errorf("the exclusive lease has %v", got.Nodes)
	}
	if got, ok := grant("more", Need{Workers: 2}); !ok || !slices.Equal(got.Nodes, []string{"n1", "n4"}) {
		t.Errorf("beyond the crowd, the lease has %v", got.Nodes)
	}
}

func TestGrant(t *testing.T) {
	shared, exclusive := Need{Workers: 2}, Need{Workers: 1, Exclusive: true}
	for name, tc := range map[string]struct {
		held, earlier []Need
		need          Need
		want          bool
	}{
		"free pool":                               {nil, nil, shared, true},
		"more than there are":                     {nil, nil, Need{Workers: 4}, false},
		"shared beside shared":                    {[]Need{shared, shared}, nil, shared, true},
		"exclusive needs an unused node":          {[]Need{{Workers: 3}}, nil, exclusive, false},
		"exclusive takes the one left":            {[]Need{shared}, nil, exclusive, true},
		"shared beside exclusive":                 {[]Need{exclusive}, nil, shared, true},
		"shared of all nodes beside exclusive":    {[]Need{exclusive}, nil, Need{Workers: 3}, false},
		"all beside shared":                       {[]Need{shared}, nil, Need{All: true}, true},
		"all beside exclusive":                    {[]Need{exclusive}, nil, Need{All: true}, false},
		"all while nodes join":                    {[]Need{{Topology: true}}, nil, Need{All: true}, false},
		"joining while all are used":              {[]Need{{All: true}}, nil, Need{Topology: true}, false},
		"joining beside leased nodes":             {[]Need{shared}, nil, Need{Topology: true}, true},
		"two that change the topology":            {[]Need{{Topology: true}}, nil, Need{Topology: true}, true},
		"shared may not pass a waiting exclusive": {nil, []Need{exclusive}, shared, false},
		"exclusive may not pass a waiting all":    {nil, []Need{{All: true}}, exclusive, false},
		"shared may pass a waiting all":           {nil, []Need{{All: true}}, shared, true},
		"shared may pass a waiting topology":      {nil, []Need{{Topology: true}}, shared, true},
		"joining may pass a waiting exclusive":    {nil, []Need{exclusive}, Need{Topology: true}, true},
		"exclusive may not pass a waiting shared": {nil, []Need{{Workers: 1}}, exclusive, false},
		"exclusive may pass who wants no node":    {nil, []Need{{}}, exclusive, true},
		"labels restrict":                         {nil, nil, Need{Workers: 2, Labels: map[string]string{"odd": "true"}}, true},
		"labels restrict below what is asked for": {nil, nil, Need{Workers: 2, Labels: map[string]string{"odd": "false"}}, false},
		"exclusive with labels, its node in use":  {[]Need{{Workers: 1, Labels: map[string]string{"odd": "false"}}}, nil, Need{Workers: 1, Exclusive: true, Labels: map[string]string{"odd": "false"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var table Table
			for i, n := range tc.held {
				table.Enqueue(Ticket{Token: fmt.Sprint("held", i), Need: n})
				if _, ok, why := table.Grant(fmt.Sprint("held", i), nodes(3)); !ok {
					t.Fatalf("cannot set the case up: %s", why)
				}
			}
			for i, n := range tc.earlier {
				table.Enqueue(Ticket{Token: fmt.Sprint("earlier", i), Need: n})
			}
			table.Enqueue(Ticket{Token: "me", Need: tc.need})
			got, ok, why := table.Grant("me", nodes(3))
			if ok != tc.want {
				t.Fatalf("Grant = %v (%s), want %v", ok, why, tc.want)
			}
			if ok && len(got.Nodes) != tc.need.Workers {
				t.Errorf("granted %v, want %d nodes", got.Nodes, tc.need.Workers)
			}
			if !ok && why == "" {
				t.Error("refused without a reason")
			}
		})
	}
}

// TestNeverShared drives random sequences of requests and releases: no
// exclusive node is ever held twice, and when all leases are given back
// everybody who waits is served.
func TestNeverShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				next++
				need := Need{Workers: rapid.IntRange(0, 3).Draw(t, "workers")}
				need.Exclusive = need.Workers > 0 && rapid.Bool().Draw(t, "exclusive")
				need.All = !need.Exclusive && rapid.Bool().Draw(t, "all")
				need.Topology = !need.All && rapid.Bool().Draw(t, "topology")
				table.Enqueue(Ticket{Token: fmt.Sprint(next), Need: need})
			},
			"grant": func(t *rapid.T) {
				for _, w := range slices.Clone(table.Waiting) {
					table.Grant(w.Token, nodes(3))
				}
			},
			"release": func(t *rapid.T) {
				if len(table.Held) > 0 {
					table.Drop(table.Held[rapid.IntRange(0, len(table.Held)-1).Draw(t, "which")].Token)
				}
			},
			"": func(t *rapid.T) {
				users, locked := map[string]int{}, map[string]bool{}
				all, disturbed := false, false
				for _, h := range table.Held {
					all = all || h.Need.All
					disturbed = disturbed || h.Need.Exclusive || h.Need.Topology
					for _, n := range h.Nodes {
						users[n]++
						locked[n] = locked[n] || h.Need.Exclusive
					}
				}
				if all && disturbed {
					t.Fatalf("all nodes are used while some are disturbed: %+v", table.Held)
				}
				for n := range locked {
					if locked[n] && users[n] > 1 {
						t.Fatalf("node %s is exclusive and held %d times", n, users[n])
					}
				}
			},
		})
		for len(table.Waiting) > 0 {
			table.Held = nil
			before := len(table.Waiting)
			for _, w := range slices.Clone(table.Waiting) {
				table.Grant(w.Token, nodes(3))
			}
			if len(table.Waiting) == before {
				t.Fatalf("nobody of %+v can be served on a free pool", table.Waiting)
			}
		}
	})
}

func TestNodesThatJoinedAreNotLeased(t *testing.T) {
	table := Table{Pool: []Candidate{{Name: "a"}, {Name: "b"}}}
	got := table.ours([]Candidate{{Name: "b"}, {Name: "joined"}})
	if len(got) != 1 || got[0].Name != "b" {
		t.Errorf("got %v, want b alone", got)
	}
}
