package etw

// layer is a kind of capture points. Of two that have the same packets the first tells
// more of them.
type layer uint8

const (
	layerNDIS layer = iota + 1
	layerRas        // Ras-NdisWan
	layerPktMon
	layerSwitch // a VM switch
	layerWFP
	layerDropped // PktMon's drops at a component
)

// point is where packets were captured. Packets of one point have one link type.
type point struct {
	// The larger fields are first, so that two points are compared at once.
	user      uint64 // hash of what tells the connections of Ras-NdisWan apart
	miniport  uint32 // interface index of the miniport
	lower     uint32 // interface index of what the filter is bound to
	port      uint32 // source port of the VM switch
	link      uint16
	vlan      uint16 // of a VM switch's packet
	component uint16 // of PktMon
	edge      uint16 // of that component
	layer     layer
	leaving   bool // a VM switch's packet is on its way out of it
}
