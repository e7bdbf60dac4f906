using System.Text;
using CsCheck;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class StoredPassingsTests
{
    // Counted up, in gaps around the array's reach, and wild.
    static readonly Gen<long[]> _numbers = Gen.Frequency(
        (5, Gen.Long[0, 3_000]), (2, Gen.Long[60_000, 140_000]), (1, Gen.Long[0, long.MaxValue])).Array[0, 400];

    [Fact]
    public void ranges_and_pages_are_those_of_a_sorted_dictionary() =>
        Gen.Select(_numbers, _numbers, Gen.Int[0, 50], Gen.Int[1, 60]).Sample((numbers, bounds, skip, take) =>
        {
            var stored = new StoredPassings();
            var twin = new SortedDictionary<long, int>();
            foreach (var number in numbers)
            {
                Assert.Equal(twin.GetValueOrDefault(number, -1), stored.Find(number));
                if (twin.TryAdd(number, stored.Count))
                    stored.Add(new ParsedPassing { Number = number }, []);
            }

            var (first, last) = bounds.Length < 2 ? (0, long.MaxValue) : (bounds[0], bounds[1]);
            var rows = new StoredPassing[take];
            var (copied, total) = stored.Read(PassingRange.All with { First = first, Last = last }, skip, rows);
            var wanted = twin.Keys.Where(n => n >= first && n <= last).ToArray();
            Assert.Equal(wanted.Length, total);
            Assert.Equal(wanted.Skip(skip).Take(take), rows.Take(copied).Select(r => r.Number));
        });

    [Fact]
    public void texts_outlive_the_growth_of_the_arena()
    {
        var stored = new StoredPassings();
        var text = new string('x', 250);
        for (var i = 0; i < 3_000; i++)
        {
            var body = Encoding.UTF8.GetBytes(text + i);
            var passing = new ParsedPassing { Number = i };
            passing.Texts[PassingText.Gender] = new TextSlice(250, body.Length - 250);
            passing.Texts[PassingText.Bib] = new TextSlice(0, 250);
            stored.Add(passing, body);
        }

        Assert.True(stored.Chunks.Count(c => c is not null) > 10);
        for (var i = 0; i < 3_000; i++)
        {
            var texts = stored[stored.Find(i)].Texts(stored.Chunks, out var bytes);
            Assert.Equal(text, Encoding.UTF8.GetString(texts[PassingText.Bib].In(bytes)));
            Assert.Equal($"{i}", Encoding.UTF8.GetString(texts[PassingText.Gender].In(bytes)));
            Assert.True(texts[PassingText.Chip].IsNull);
        }
    }

    [Fact]
    public void a_batch_of_duplicates_allocates_nothing()
    {
        var parser = new PassingsParser(new VenueRules(new VenueServerOptions()));
        var session = new TimingSession("T", "D", null, 0);
        var passings = Enumerable.Range(1, 1_000)
            .Select(n => TestVenue.Passing(n, ""","chip":"\u0041BC","latitude":"1.50" """));
        var body = Encoding.UTF8.GetBytes(TestVenue.Body("T", passings));
        var batch = new PassingsBatch();
        Assert.Equal(new InsertResult(InsertStatus.Stored, 1_000), Insert());
        for (var i = 0; i < 100; i++)
            Insert();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = default(InsertResult);
        for (var i = 0; i < 100; i++)
            result = Insert();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(new InsertResult(InsertStatus.Stored, 0, 1_000), result);
        Assert.Equal(0, allocated);

        InsertResult Insert()
        {
            batch.Body.Set(body);
            return parser.TryParse(batch) ? session.Insert(batch) : default;
        }
    }
}
