package tables_test

import (
	"fmt"

	"github.com/mendcap/mendcap/infer/tables"
)

func ExampleParse() {
	const saved = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    [2001:db8:1::10]:49802  [2001:db8:2::80]:443  HERGESTELLT     5120
  TCP    [2001:db8:1::10]:49803  server.example:443    HERGESTELLT     5120
`
	snapshot, result := tables.Parse("netstat.txt", []byte(saved))
	for _, row := range snapshot.TCPConnections {
		fmt.Println(row.Local.Address, row.Local.Port, "to", row.Remote.Address, row.Remote.Port)
	}
	fmt.Println(result.Format, "rows:", result.Rows, "addresses:", result.Addresses)
	for _, line := range result.Lines {
		fmt.Println("not understood:", line.Number, line.Text)
	}
	// Output:
	// 2001:db8:1::10 49802 to 2001:db8:2::80 443
	// netstat rows: 2 addresses: 2
	// not understood: 6 TCP    [2001:db8:1::10]:49803  server.example:443    HERGESTELLT     5120
}
