package nodepool

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// many is a table of n nodes with six labels each, all held, four by each spec,
// while as many specs wait.
func many(n int) *Table {
	t := &Table{Run: "20260102-030405-abcdef"}
	for i := range n {
		name := fmt.Sprintf("dsconform-worker%d", i+1)
		t.Pool = append(t.Pool, Candidate{Name: name, Labels: map[string]string{
			"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
			"sim.dsconform.dev/kubelet": "running", "topology.kubernetes.io/zone": fmt.Sprint("zone-", i%7),
			"dsconform.dev/rack": fmt.Sprintf("rack-%x", i*2654435761%1000003),
		}})
		if i%4 > 0 {
			continue
		}
		ticket := Ticket{
			Token: fmt.Sprintf("ds-plc-%03d-%06x", i%200, i*2654435761%(1<<24)), Spec: fmt.Sprintf("DS-PLC-%03d", i%200),
			Need: Need{Workers: 4, Exclusive: true, Labels: map[string]string{"kubernetes.io/os": "linux"}},
		}
		t.Waiting = append(t.Waiting, ticket)
		ticket.Token += "-held"
		for j := range 4 {
			ticket.Nodes = append(ticket.Nodes, fmt.Sprintf("dsconform-worker%d", i+j+1))
		}
		t.Held = append(t.Held, ticket)
	}
	return t
}

func stored(t *testing.T, table *Table) (*corev1.ConfigMap, []byte) {
	t.Helper()
	raw, err := encode(table)
	if err != nil {
		t.Fatal(err)
	}
	cm := &corev1.ConfigMap{Data: map[string]string{"of": "an earlier version"}}
	if err = store(cm, raw); err != nil {
		t.Fatal(err)
	}
	return cm, raw
}

func TestTheTableIsReadAsItWasStored(t *testing.T) {
	for name, table := range map[string]*Table{
		"empty": {Run: "r"},
		"used": {
			Run: "r", Pool: nodes(3), Held: []Ticket{{Token: "a", Spec: "DS-A", Need: Need{Workers: 1, Exclusive: true}, Nodes: []string{"n1"}}},
			Waiting: []Ticket{{Token: "b", Spec: "DS-B", Need: Need{All: true, Topology: true, Labels: map[string]string{"odd": "true"}}}},
		},
		"big": many(1000),
	} {
		t.Run(name, func(t *testing.T) {
			cm, raw := stored(t, table)
			if len(cm.Data) != 0 || len(cm.BinaryData) != 1 {
				t.Errorf("the table is stored with %v and %d binary values, want it alone", cm.Data, len(cm.BinaryData))
			}
			got, before, err := load(cm)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, table) {
				t.Errorf("got  %+v\nwant %+v", got, table)
			}
			if !bytes.Equal(before, raw) {
				t.Error("what is compared with the next version is not what was encoded")
			}
			if again, _ := stored(t, got); !bytes.Equal(again.BinaryData[tableKey], cm.BinaryData[tableKey]) {
				t.Error("the same table is stored as other bytes")
			}
		})
	}
}

// The API server refuses a ConfigMap of more than 1 MiB.
func TestFiveThousandNodesFitIntoTheTable(t *testing.T) {
	const limit = 1 << 20
	cm, raw := stored(t, many(5000))
	if len(raw) <= limit {
		t.Errorf("uncompressed the table is %d bytes: it proves nothing", len(raw))
	}
	if got := base64.StdEncoding.EncodedLen(len(cm.BinaryData[tableKey])); got >= limit {
		t.Errorf("the table of 5000 nodes is %d bytes, want fewer than %d", got, limit)
	} else {
		t.Logf("%d bytes, uncompressed %d", got, len(raw))
	}
}

func TestATableThatCannotBeReadIsToldOf(t *testing.T) {
	whole, _ := stored(t, many(8))
	packed := whole.BinaryData[tableKey]
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-8]++ // the checksum is the last 8 bytes' first half
	other := &corev1.ConfigMap{}
	if err := store(other, []byte(`{"run":1}`)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		data map[string][]byte
		want []string
	}{
		"missing":        {nil, []string{"it holds no table.json.gz"}},
		"empty":          {map[string][]byte{tableKey: {}}, []string{"the 0 bytes of its table.json.gz are no table of leases", "EOF"}},
		"not compressed": {map[string][]byte{tableKey: []byte(`{"run":"a run of an earlier version"}`)}, []string{"are no table of leases", "the next run makes it anew", "invalid header"}},
		"cut":            {map[string][]byte{tableKey: packed[:len(packed)-9]}, []string{fmt.Sprintf("the %d bytes of its", len(packed)-9), "unexpected EOF"}},
		"a wrong byte":   {map[string][]byte{tableKey: flipped}, []string{"are no table of leases", "invalid checksum"}},
		"no table":       {other.BinaryData, []string{"are no table of leases", "cannot unmarshal number"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(&corev1.ConfigMap{BinaryData: tc.data})
			if err == nil {
				t.Fatal("it is read without an error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}
