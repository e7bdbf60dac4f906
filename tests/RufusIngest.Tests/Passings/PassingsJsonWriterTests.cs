using System.Text;
using System.Text.Json;
using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Passings;

public sealed class PassingsJsonWriterTests
{
    static readonly Gen<string> Text = Gen.Frequency(
        (3, Gen.Int[0, 999_999].Select(number => number.ToString())),
        (1, Gen.Char.Array[1, 9].Select(chars => new string(chars))),
        (1, Gen.Int[0, 7].Select(at =>
            new[] { "W12", "\"\\/", "<b>&'+", "Zoë", "名前", "😀", "a\tb\r\n", "\u2028" }[at])));

    static readonly Gen<Passing> Passings = Gen.Select(
        Text, Gen.Bool, Gen.Int[1, int.MaxValue], Gen.Long[-70_000_000_000_000_000, 250_000_000_000_000_000],
        Gen.Int, Gen.Int[-1_800_000_000, 1_800_000_000],
        (chip, manual, number, time, latitude, longitude) => new Passing
        {
            Chip = manual || !ChipCode.TryFromText(Encoding.UTF8.GetBytes(chip), out ChipCode code) ? default : code,
            Number = number,
            Time = time,
            HasPosition = latitude % 2 == 0,
            LatitudeE7 = latitude % 900_000_000,
            LongitudeE7 = longitude,
        });

    /// <summary>The same object through the base library's writer.</summary>
    static string Reference(Passing passing, string bib)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("bib", bib.Length > 0 ? bib : passing.Chip.ToString());
            writer.WriteNumber("num_passing", passing.Number);
            writer.WriteString("timestamp", EpochTime.ToUtc(passing.Time).ToString("yyyy-MM-ddTHH:mm:ss.fffZ"));
            if (!passing.Chip.IsEmpty)
                writer.WriteString("chip", passing.Chip.ToString());
            if (passing.HasPosition)
            {
                writer.WriteNumber("latitude", passing.LatitudeE7 / 10_000_000m);
                writer.WriteNumber("longitude", passing.LongitudeE7 / 10_000_000m);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    static string Write(PassingsJsonWriter writer, Passing passing, string bib)
    {
        byte[] escaped = PassingsJsonWriter.Escape(Encoding.UTF8.GetBytes(bib));
        byte[] buffer = new byte[escaped.Length + PassingsJsonWriter.MaxBytesWithoutBib];
        return Encoding.UTF8.GetString(buffer, 0, writer.Write(buffer, passing, escaped));
    }

    [Fact]
    public void It_writes_byte_for_byte_what_the_base_library_writes()
    {
        Gen.Select(Passings.Array[1, 5], Text).Sample((passings, bib) =>
        {
            PassingsJsonWriter writer = new();
            bib = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(bib));
            foreach (Passing passing in passings)
                Assert.Equal(Reference(passing, bib), Write(writer, passing, bib));
        });
    }

    [Fact]
    public void Milliseconds_are_truncated_never_rounded()
    {
        Passing passing = new() { Number = 1, Time = TimeSpan.TicksPerSecond - 1 };
        Assert.Contains("1970-01-01T00:00:00.999Z", Write(new PassingsJsonWriter(), passing, "1"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_chip_with_every_byte_escaped_fits()
    {
        Passing passing = new()
        {
            Chip = ChipCode.FromText(new string('\u0001', 30)),
            Number = int.MaxValue,
            HasPosition = true,
            LatitudeE7 = -899_999_999,
            LongitudeE7 = -1_799_999_999,
        };
        Assert.Equal(Reference(passing, "1"), Write(new PassingsJsonWriter(), passing, "1"));
        byte[] tight = new byte[PassingsJsonWriter.MaxBytesWithoutBib];
        Assert.InRange(new PassingsJsonWriter().Write(tight, passing, default), 1, tight.Length);
    }
}
