//go:build unix

package wine

import "encoding/binary"

// Layout of the library: one page of headers, one section.
const (
	fileAlign    = 0x200
	sectionAlign = 0x1000
	headerAt     = 0x40 // of the PE signature
	optionalLen  = 112 + 16*8
)

// forwarder returns a PE32+ library for x86-64 without code, named library, whose one
// export leads to a function of another library ("other.Function"). The format is that
// of Microsoft's "PE Format".
func forwarder(library, export, target string) []byte {
	le := binary.LittleEndian
	section := exports(library, export, target)
	size := (len(section) + fileAlign - 1) / fileAlign * fileAlign

	image := make([]byte, fileAlign+size)
	copy(image, "MZ")
	le.PutUint32(image[0x3C:], headerAt)
	copy(image[headerAt:], "PE\x00\x00")

	coff := image[headerAt+4:]
	le.PutUint16(coff[0:], 0x8664) // Machine: x86-64
	le.PutUint16(coff[2:], 1)      // NumberOfSections
	le.PutUint16(coff[16:], optionalLen)
	le.PutUint16(coff[18:], 0x2022) // Characteristics: executable, large addresses, a library

	optional := coff[20:]
	le.PutUint16(optional[0:], 0x20B)           // Magic: PE32+
	le.PutUint64(optional[24:], 0x1_8000_0000)  // ImageBase
	le.PutUint32(optional[32:], sectionAlign)   // SectionAlignment
	le.PutUint32(optional[36:], fileAlign)      // FileAlignment
	le.PutUint16(optional[40:], 6)              // MajorOperatingSystemVersion
	le.PutUint16(optional[48:], 6)              // MajorSubsystemVersion
	le.PutUint32(optional[56:], 2*sectionAlign) // SizeOfImage
	le.PutUint32(optional[60:], fileAlign)      // SizeOfHeaders
	le.PutUint16(optional[68:], 3)              // Subsystem: console
	le.PutUint16(optional[70:], 0x100)          // DllCharacteristics: no execution of data
	le.PutUint32(optional[108:], 16)            // NumberOfRvaAndSizes
	le.PutUint32(optional[112:], sectionAlign)  // export table: where
	le.PutUint32(optional[116:], uint32(len(section)))

	header := optional[optionalLen:]
	copy(header, ".edata")
	le.PutUint32(header[8:], uint32(len(section))) // VirtualSize
	le.PutUint32(header[12:], sectionAlign)        // VirtualAddress
	le.PutUint32(header[16:], uint32(size))        // SizeOfRawData
	le.PutUint32(header[20:], fileAlign)           // PointerToRawData
	le.PutUint32(header[36:], 0x4000_0040)         // Characteristics: data, readable

	copy(image[fileAlign:], section)
	return image
}

// exports is the section of the export directory. An address within it is that of a
// forwarder's name, not of code.
func exports(library, export, target string) []byte {
	const directory = 40
	le := binary.LittleEndian
	addressTable, nameTable, ordinals := directory, directory+4, directory+8
	names := directory + 12
	s := make([]byte, names)
	at := func(text string) uint32 {
		where := sectionAlign + len(s)
		s = append(append(s, text...), 0)
		return uint32(where)
	}
	libraryAt, exportAt, targetAt := at(library), at(export), at(target)
	le.PutUint32(s[12:], libraryAt)
	le.PutUint32(s[16:], 1) // ordinal base
	le.PutUint32(s[20:], 1) // addresses
	le.PutUint32(s[24:], 1) // names
	le.PutUint32(s[28:], uint32(sectionAlign+addressTable))
	le.PutUint32(s[32:], uint32(sectionAlign+nameTable))
	le.PutUint32(s[36:], uint32(sectionAlign+ordinals))
	le.PutUint32(s[addressTable:], targetAt)
	le.PutUint32(s[nameTable:], exportAt)
	return s
}
