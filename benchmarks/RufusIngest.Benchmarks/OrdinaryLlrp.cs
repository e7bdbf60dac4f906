using System.Buffers.Binary;

namespace RufusIngest.Benchmarks;

/// <summary>LLRP the ordinary way: a message becomes a tree of objects, and reads are made of it.</summary>
static class OrdinaryLlrp
{
    /// <summary>A parameter; its children where it has some, else its value.</summary>
    sealed class Parameter
    {
        public required int Type { get; init; }

        public required byte[] Value { get; init; }

        public List<Parameter> Children { get; init; } = [];
    }

    sealed class Message
    {
        public required int Type { get; init; }

        public required uint Id { get; init; }

        public required List<Parameter> Parameters { get; init; }
    }

    static readonly int[] ValueBytes = [0, 2, 8, 8, 8, 8, 1, 2, 2, 4, 2, 2, 2, 12, 2, 2, 4, 2, 4, 2, 2];

    public static IEnumerable<OrdinaryRead> Reads(byte[] stream)
    {
        int at = 0;
        while (at < stream.Length)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at + 2));
            Message message = new()
            {
                Type = BinaryPrimitives.ReadUInt16BigEndian(stream.AsSpan(at)) & 0x3FF,
                Id = BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(at + 6)),
                Parameters = Parameters(stream.AsSpan(at + 10, length - 10)),
            };
            at += length;
            if (message.Type != 61)
                continue;
            foreach (Parameter tag in message.Parameters)
                yield return ReadOf(tag);
        }
    }

    static List<Parameter> Parameters(ReadOnlySpan<byte> bytes)
    {
        List<Parameter> parameters = [];
        while (bytes.Length > 0)
        {
            int size;
            if (bytes[0] >= 0x80)
            {
                size = 1 + ValueBytes[bytes[0] - 0x80];
                parameters.Add(new Parameter { Type = bytes[0] - 0x80, Value = bytes[1..size].ToArray() });
            }
            else
            {
                size = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
                int type = BinaryPrimitives.ReadUInt16BigEndian(bytes) & 0x3FF;
                parameters.Add(type == 240
                    ? new Parameter { Type = type, Value = [], Children = Parameters(bytes[4..size]) }
                    : new Parameter { Type = type, Value = bytes[4..size].ToArray() });
            }

            bytes = bytes[size..];
        }

        return parameters;
    }

    static OrdinaryRead ReadOf(Parameter tag)
    {
        string chip = "";
        DateTime time = default;
        int antenna = 0;
        int rssi = 0;
        foreach (Parameter parameter in tag.Children)
        {
            switch (parameter.Type)
            {
                case 13:
                    chip = Convert.ToHexString(parameter.Value);
                    break;
                case 241:
                    chip = Convert.ToHexString(parameter.Value.AsSpan(2));
                    break;
                case 2:
                    time = DateTime.UnixEpoch.AddTicks(BinaryPrimitives.ReadInt64BigEndian(parameter.Value) * 10);
                    break;
                case 1:
                    antenna = BinaryPrimitives.ReadUInt16BigEndian(parameter.Value);
                    break;
                case 6:
                    rssi = (sbyte)parameter.Value[0] * 100;
                    break;
                case 1023 when BinaryPrimitives.ReadUInt64BigEndian(parameter.Value) == ((25882UL << 32) | 57):
                    rssi = BinaryPrimitives.ReadInt16BigEndian(parameter.Value.AsSpan(8));
                    break;
            }
        }

        return new OrdinaryRead { Chip = chip, Time = time, Antenna = antenna, Rssi = rssi };
    }
}
