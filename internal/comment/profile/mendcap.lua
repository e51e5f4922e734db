-- mendcap in Wireshark: a field for the list of packets that says in a few words
-- what was repaired, and the menu entry Tools, mendcap, Repair and open.
--
-- Wireshark loads this file from its folder of personal Lua plugins (Help, About,
-- Folders), tshark by -X lua_script:mendcap.lua. With -X lua_script1:CAPTURE tshark
-- repairs CAPTURE as the menu entry does, and prints the name of the output.

local default_program = "mendcap" -- replaced by the program that writes this file

local mendcap = Proto("mendcap", "mendcap's notes")
local note = ProtoField.string("mendcap.note", "Note", "What a repair has done to the packet, in a few words")
mendcap.fields = { note }
mendcap.prefs.program = Pref.string("Program", default_program, "The name or path of mendcap")

local comments = Field.new("frame.comment")

-- short_delay rounds what Go prints of a duration ("1m2.345678s", "1.234567ms") to
-- two digits.
local function short_delay(text)
  local number, unit = text:match("^([%d.]+)(%a+)$")
  if text:find("[hm]%d") or not number then
    return text
  end
  local value = tonumber(number)
  if unit == "µs" then
    unit = "us"
  end
  return string.format(value < 10 and "%.1f %s" or "%.0f %s", value, unit)
end

-- short_fields names the fields of an IPv6 header as short as they are known.
local function short_fields(text)
  local fields = text:match("^[%a ,]*"):gsub("next header", "nh"):gsub("destination", "dst")
  fields = fields:gsub(" by .*$", ""):gsub(" +$", "")
  return fields
end

-- shorten says in a few words what one comment of mendcap says, or nil where the
-- comment is somebody else's.
local function shorten(comment)
  local said = comment:match("^mendcap: (.*)$")
  if not said then
    return nil
  end
  -- A verdict ends with the flags that it is about.
  local verdict = said:match("^([%a-]+ %b()), .* %[[^%]]*%]$") or said:match("^([%a-]+), .* %[[^%]]*%]$")
  if verdict then
    return verdict
  end
  local parts = {}
  for part in (said .. ";"):gmatch("%s*([^;]*);") do
    local word, rest = part:match("^(%a+) ?(.*)$")
    if word == "moved" then
      local delay = rest:match(", (-?[%w.µ]+) earlier$")
      table.insert(parts, 1, delay and "moved " .. short_delay(delay) or "moved")
    elseif word == "inferred" or word == "likely" or word == "unknown" then
      parts[#parts + 1] = word .. " " .. short_fields(rest)
    elseif word and word ~= "made" and word ~= "was" then
      parts[#parts + 1] = word
    end
  end
  return table.concat(parts, ", ")
end

function mendcap.dissector(_, _, tree)
  local notes = {}
  for _, comment in ipairs({ comments() }) do
    local short = shorten(tostring(comment.value))
    if short then -- what moved comes first: it matters most
      table.insert(notes, short:find("^moved") and 1 or #notes + 1, short)
    end
  end
  if #notes > 0 then
    tree:add(note, table.concat(notes, ", ")):set_generated()
  end
end

register_postdissector(mendcap)

-- quote makes one word of a command line out of text. In Windows' command processor
-- a name can hold no double quote, and what it expands stays as it is between them
-- but for %, which nothing escapes there: such a name is refused.
local windows = package.config:sub(1, 1) == "\\"

local function quote(text)
  if not windows then
    return "'" .. text:gsub("'", "'\\''") .. "'"
  end
  if text:find('["%%%c]') then
    error("mendcap can't be given a name with a quotation mark, a percent sign or a control character: " .. text, 0)
  end
  return '"' .. text .. '"'
end

-- What mendcap takes off a capture's name before it adds ".mended.pcapng".
local compressions = { ".gz", ".zst", ".xz", ".lz4", ".bz2" }
local captures = { ".pcapng", ".pcap", ".ntar", ".cap", ".dmp", ".trc", ".etl" }

local function cut_suffix(name, suffixes)
  for _, suffix in ipairs(suffixes) do
    if #name > #suffix and name:sub(-#suffix):lower() == suffix and not name:sub(1, -#suffix - 1):find("[/\\]$") then
      return name:sub(1, -#suffix - 1)
    end
  end
  return name
end

-- command returns the command line that repairs capture, and the name of its output:
-- the one that mendcap gives it by itself.
local function command(capture)
  local output = cut_suffix(cut_suffix(capture, compressions), captures) .. ".mended.pcapng"
  local line = table.concat({ quote(mendcap.prefs.program), "repair", "-r", quote(capture), "-w", quote(output) }, " ")
  if windows then
    line = '"' .. line .. '"' -- cmd takes the outermost pair off
  end
  return line .. " 2>&1", output
end

-- repair runs mendcap, and returns the name of the output where there is one, and
-- what was printed. Exit code 3 is that of a damaged capture whose rest was written.
local function repair(capture)
  local line, output = command(capture)
  local pipe = assert(io.popen(line))
  local said = pipe:read("*a")
  local done, _, code = pipe:close()
  if done or code == 3 then
    return output, said
  end
  return nil, said
end

if gui_enabled() then
  local function run(capture)
    local fine, output, said = pcall(repair, capture)
    if fine and output then
      open_capture_file(output, "")
      return
    end
    local window = TextWindow.new("mendcap: repair and open")
    window:set(fine and said or output)
  end
  register_menu("mendcap/Repair and open", function()
    new_dialog("mendcap: repair and open", run, "Capture")
  end, MENU_TOOLS_UNSORTED)
end

local capture = ...
if capture then
  local output, said = repair(capture)
  print(output or said)
end
