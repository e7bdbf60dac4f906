using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// The events of a PikaReader. Written from a description of its members and from what the program does; no message
/// of a device is known.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is UTC from <c>epochMilli</c>, otherwise the reader's local <c>timestamp</c>. The chip is
/// the EPC as a decimal number and is kept so: at a reader that sends hex it is another one. <c>reader</c> is the
/// sub-reader, or the point where it is a name. A trigger comes as chip 0 from no antenna, with seconds instead of ms.
/// </remarks>
struct PikaReaderProtocol : IJsonProtocol
{
    const long LeastMilliseconds = 100_000_000_000; // In 1973: what is below are seconds.
    const long ZoneStep = 15 * 60 * EpochTime.TicksPerSecond; // Zones differ by quarters of an hour.

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        Members found = Members.In(text);
        bool isTyped = found.Type.Kind == JsonKind.Text;
        bool isRead = isTyped
            ? found.Type.In(text).SequenceEqual("READ"u8)
            : found.Common.Chip.Kind != JsonKind.Missing;
        if (!isRead)
        {
            output.Add(JsonFields.Is(found.Type, text, "STATUS"u8) ? ControlKind.Status : ControlKind.Unknown);
            return RejectReason.None;
        }

        RejectReason reason = ReadFields.Chip(found.Common.Chip, text, ref read);
        bool inSeconds = false;
        if (reason == RejectReason.None)
            reason = TakeTime(found, text, ref read, out inSeconds);
        if (reason != RejectReason.None)
            return reason;
        found.Common.FillOptional(text, ref read);
        bool isNumber = true;
        if (JsonNumber.Whole(found.Reader, text, 0, ushort.MaxValue, ref isNumber, out long reader))
            read.SubReader = (ushort)reader;
        else
            read.Point = JsonFields.PointOf(found.Reader, text, frame);
        output.HasRead = true;
        if (found.Common.Chip.In(text).SequenceEqual("0"u8) && (inSeconds || read.Antenna == 0))
        {
            read.Kind = ReadKind.Gun;
            read.Chip = default;
            output.Add(ControlKind.Gun);
        }

        return RejectReason.None;
    }

    static RejectReason TakeTime(in Members found, ReadOnlySpan<byte> text, ref ChipRead read, out bool inSeconds)
    {
        bool hasLocal = JsonFields.TryTime(found.Common.Time, text, out long local, out ReadFlags flags);
        bool ok = true;
        if (JsonNumber.Whole(found.EpochMilli, text, 0, EpochTime.LastSecond * 1000, ref ok, out long epoch))
        {
            inSeconds = epoch < LeastMilliseconds;
            read.Time = !inSeconds ? epoch * EpochTime.TicksPerMillisecond
                : hasLocal ? WithDecimals(epoch * EpochTime.TicksPerSecond, local)
                : epoch * EpochTime.TicksPerSecond;
            read.Flags = ReadFlags.ZoneKnown;
            return RejectReason.None;
        }

        inSeconds = false;
        read.Time = local;
        read.Flags = flags;
        ReadFields.Dropped(!ok, ref read);
        return hasLocal ? RejectReason.None : RejectReason.BadTime;
    }

    /// <summary>A time cut to seconds, made whole by the local time of the same moment or a little later.</summary>
    static long WithDecimals(long utc, long local)
    {
        long behind = (local - utc) % ZoneStep;
        behind += behind < 0 ? ZoneStep : 0;
        return behind < 2 * EpochTime.TicksPerSecond ? utc + behind : utc;
    }

    struct Members
    {
        public ReadMembers Common;
        public JsonValue Type;
        public JsonValue EpochMilli;
        public JsonValue Reader;

        public static Members In(ReadOnlySpan<byte> text)
        {
            Members found = default;
            JsonMembers members = new(text);
            while (members.Next())
            {
                ReadOnlySpan<byte> key = members.Key.In(text);
                if (key.SequenceEqual("type"u8))
                    found.Type = members.Value;
                else if (key.SequenceEqual("chip"u8))
                    found.Common.Chip = members.Value;
                else if (key.SequenceEqual("timestamp"u8))
                    found.Common.Time = members.Value;
                else if (key.SequenceEqual("epochMilli"u8))
                    found.EpochMilli = members.Value;
                else if (key.SequenceEqual("reader"u8))
                    found.Reader = members.Value;
                else if (key.SequenceEqual("antenna"u8))
                    found.Common.Antenna = members.Value;
                else if (key.SequenceEqual("rssi"u8))
                    found.Common.Rssi = members.Value;
            }

            return found;
        }
    }
}
