//go:build linux

package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
)

// usedAgain opens connections one after the other from a few ports of the host
// to one of the server's: the same port pair comes back within milliseconds.
func usedAgain(ports, times int) func(context.Context, *clients) error {
	return func(ctx context.Context, c *clients) error {
		var group errgroup.Group
		for p := range ports {
			group.Go(func() error {
				for i := range times {
					if err := c.again(ctx, 40000+p, i); err != nil {
						return fmt.Errorf("port %d, connection %d: %w", 40000+p, i, err)
					}
				}
				return nil
			})
		}
		return group.Wait()
	}
}

// again uses a port once more. The connection ends by a reset of the host's, or
// by the server's FIN: then it is the server that waits (TIME-WAIT), and takes
// a SYN with a higher number for a new connection (RFC 9293, section 3.6.1).
func (c *clients) again(ctx context.Context, port, i int) error {
	conn, err := c.dial(ctx, c.server(), dialOptions{port: port})
	if err != nil {
		return err
	}
	size := int64(500 + 4000*(i%5))
	if i%2 == 0 {
		return errors.Join(get(conn, size), conn.SetLinger(0), conn.Close())
	}
	if _, err := fmt.Fprintf(conn, "LAST %d\n", size); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, conn, size); err != nil {
		return err
	}
	return errors.Join(untilEnd(conn), conn.Close(), settle(ctx))
}

// untilEnd waits for the other side's FIN.
func untilEnd(conn net.Conn) error {
	if n, err := conn.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("end of the connection: got %d bytes, %w", n, err)
	}
	return nil
}

// settle gives the last ACK time to arrive.
func settle(ctx context.Context) error {
	select {
	case <-time.After(60 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
