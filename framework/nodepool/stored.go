package nodepool

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
)

// tableKey is where in the ConfigMap the table is kept. It is compressed, for
// the table holds every node with its labels, and a ConfigMap is refused beyond
// 1 MiB: uncompressed, a few thousand nodes are more than that.
const tableKey = "table.json.gz"

// encode gives the table as it is compared and compressed: equal tables are equal bytes.
func encode(t *Table) ([]byte, error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encode the table: %w", err)
	}
	return raw, nil
}

// store puts the encoded table into the ConfigMap, and nothing else. Equal
// tables are stored as equal bytes: the header holds neither time nor name.
func store(cm *corev1.ConfigMap, raw []byte) error {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(raw)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("compress the table: %w", err)
	}
	cm.Data, cm.BinaryData = nil, map[string][]byte{tableKey: packed.Bytes()}
	return nil
}

// load gives the table that the ConfigMap holds, and its encoded form.
func load(cm *corev1.ConfigMap) (*Table, []byte, error) {
	packed, ok := cm.BinaryData[tableKey]
	if !ok {
		return nil, nil, fmt.Errorf("it holds no %s: another version of dsconform made it, or something else than dsconform", tableKey)
	}
	raw, err := unpack(packed)
	if err != nil {
		return nil, nil, unreadable(packed, err)
	}
	t := &Table{}
	if err = json.Unmarshal(raw, t); err != nil {
		return nil, nil, unreadable(packed, err)
	}
	return t, raw, nil
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func unreadable(packed []byte, err error) error {
	return fmt.Errorf("the %d bytes of its %s are no table of leases (something else than dsconform wrote to it; the next run makes it anew): %w", len(packed), tableKey, err)
}
