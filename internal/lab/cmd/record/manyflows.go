//go:build linux

package record

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// manyFlows looks names up and loads something small from each, 16 at a time.
func manyFlows(count int) func(context.Context, *clients) error {
	return func(ctx context.Context, c *clients) error {
		var group errgroup.Group
		group.SetLimit(16)
		group.Go(func() error { return c.sideTraffic() })
		for i := range count {
			group.Go(func() error { return c.page(ctx, i) })
			time.Sleep(6 * time.Millisecond)
		}
		return group.Wait()
	}
}

// page resolves a name and talks to its address: mostly over TCP, sometimes
// a second connection, sometimes UDP alone.
func (c *clients) page(ctx context.Context, i int) error {
	address, err := c.resolve(fmt.Sprintf("site%d.example.net", i))
	if err != nil {
		return err
	}
	if i%9 == 0 {
		if err := c.chatty(ctx, address, 200); err != nil {
			return err
		}
	}
	return c.chatty(ctx, address, 400, int64(1000+i*37%9000), int64(i*7%600))
}

// sideTraffic is what a host does beside TCP.
func (c *clients) sideTraffic() error {
	for i, server := range c.services {
		if (i == 0) != c.v4 { // the first one is IPv4
			continue
		}
		for size := 30; size < 1300; size += 250 {
			if _, err := c.ask(server, "4433", text[:size+i], 4); err != nil {
				return err
			}
		}
		if err := c.ping(server, uint16(100+i), 56, 5); err != nil {
			return err
		}
		if err := c.ping(server, uint16(200+i), 3600, 2); err != nil { // goes in fragments
			return err
		}
		// Nobody listens there: the answer quotes the datagram.
		if _, err := c.ask(server, "9", text[:48], 1); err == nil {
			return fmt.Errorf("port 9 of %s answered", server)
		}
	}
	return nil
}
