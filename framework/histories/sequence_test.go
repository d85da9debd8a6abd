package histories

import (
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func plainSequence(edits ...Edit) Sequence {
	return Sequence{Nodes: 2, Start: Start{Strategy: plainStrategy()}, Edits: edits}
}

func TestDrawnSequencesCanBePlayedAndComeBackFromTheirFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Sequences().Draw(t, "sequence")
		if err := s.Check(); err != nil {
			t.Fatalf("it cannot be played: %v", err)
		}
		raw, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Parse(raw)
		if err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		if !same(s, back) {
			t.Fatalf("it comes back as another one:\n%s", raw)
		}
	})
}

func TestDraw(t *testing.T) {
	t.Parallel()
	seen, dos, thens := map[string]bool{}, map[Do]int{}, map[Then]int{}
	const many = 500
	for i := range many {
		s := Draw(7, i+1)
		if again := Draw(7, i+1); !same(s, again) {
			t.Fatalf("number %d of seed 7 is not the same each time", i+1)
		}
		s.Name = ""
		raw, err := s.YAML()
		if err != nil {
			t.Fatal(err)
		}
		seen[string(raw)] = true
		for _, e := range s.Edits {
			dos[e.Do]++
			thens[e.Then]++
		}
	}
	if len(seen) < many*9/10 {
		t.Errorf("of %d sequences only %d are different", many, len(seen))
	}
	for _, d := range Dos() {
		if dos[d] < 20 {
			t.Errorf("%d sequences have %s only %d times", many, d, dos[d])
		}
	}
	for _, w := range Thens() {
		if thens[w] < 200 {
			t.Errorf("%d sequences wait %s only %d times", many, w, thens[w])
		}
	}
	if same(Draw(7, 1), Draw(8, 1)) {
		t.Error("two seeds draw the same")
	}
}

func TestParseTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"nothing":      {" \n", []string{"it is empty"}},
		"no YAML":      {"nodes: [", []string{"it is no sequence"}},
		"typing error": {"nodes: 2\nstart: {strategy: {maxUnavailble: \"1\"}}\nedits: []\n", []string{"maxUnavailble"}},
		"all of it": {
			`
nodes: 9
start: {strategy: {maxUnavailable: "0", maxSurge: "0"}, template: {stuck: true}, minReadySeconds: -1}
edits:
- {do: dance, then: at-once}
- {do: template, then: later}
- {do: leave, node: 5, then: at-once}
- {do: join, node: 2, then: at-once}
- {do: taint-node, node: 17, effect: Never, then: at-once}
- {do: undo, then: at-once}
- {do: strategy, strategy: {maxUnavailable: many, maxSurge: "0"}, then: at-once, node: 1}
`,
			[]string{
				"nodes is 9", "both 0", "a stuck template", "minReadySeconds is -1", `edit 1: do is "dance"`, `edit 2: then is "later"`, "edit 2: template goes with",
				"edit 3: node 5 cannot leave", "edit 4: node 2 cannot join", "edit 5: effect", "edit 5: there is no node 17", "edit 6: back",
				`edit 7: maxUnavailable is "many"`, "edit 7: node is 1",
			},
		},
		"three join": {
			"nodes: 1\nstart: {strategy: {onDelete: true}}\nedits:\n- {do: join, node: 5, then: settled}\n- {do: join, node: 6, then: settled}\n- {do: join, node: 7, then: settled}\n- {do: join, node: 5, then: settled}\n",
			[]string{"edit 3: node 7 cannot join", "edit 4: node 5 cannot join"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tc.text))
			if err == nil {
				t.Fatal("it is read")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("it does not say %q: %v", want, err)
				}
			}
		})
	}
}

func TestReplayFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sequence.yaml")
	want := Draw(3, 4)
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !same(want, got) || got.Name != "seed 3, number 4" {
		t.Errorf("it comes back as %+v", got)
	}
	if _, err = Read(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestEditsInWords(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]Edit{
		"template version 2 label a tier b tolerates stuck, then moved": {Do: SetTemplate, Then: Moved, Template: &Template{Version: 2, Label: "a", Tier: "b", Tolerates: true, Stuck: true}},
		"strategy OnDelete, then settled":                               {Do: SetStrategy, Then: Settled, Strategy: &Strategy{OnDelete: true}},
		"strategy maxUnavailable 1 maxSurge 0, then settled":            {Do: SetStrategy, Then: Settled, Strategy: new(plainStrategy())},
		"min-ready-seconds 3, then observed":                            {Do: SetMinReady, Then: Observed, MinReadySeconds: new(int32(3))},
		"undo 2 back, then at-once":                                     {Do: Undo, Then: AtOnce, Back: 2},
		"delete-pod 1 without grace, then at-once":                      {Do: DeletePod, Then: AtOnce, Node: 1, Force: true},
		"label-node 1 no tier, then at-once":                            {Do: LabelNode, Then: AtOnce, Node: 1},
		"join 5 tier a, then at-once":                                   {Do: Join, Then: AtOnce, Node: 5, Tier: "a"},
		"taint-node 2 NoExecute, then at-once":                          {Do: TaintNode, Then: AtOnce, Node: 2, Effect: "NoExecute"},
	} {
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
