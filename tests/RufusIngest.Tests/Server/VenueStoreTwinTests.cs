using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

/// <summary>Whatever is done to a store in memory and to one that keeps, they answer the same.</summary>
public sealed class VenueStoreTwinTests
{
    // Few, so that they meet; around the end of a block; and wild.
    static readonly Gen<long> _number = Gen.Frequency(
        (6, Gen.Long[0, 30]), (3, Gen.Long[1_015, 1_035]), (1, Gen.Long[0, long.MaxValue]));

    static readonly Gen<(long Number, long Time, int Text)[]> _batch =
        Gen.Select(_number, Gen.Long[-20, 20], Gen.Int[0, 9]).Array[0, 25];

    // A kind of step, which session it is about, and a batch.
    static readonly Gen<(int Kind, int Session, (long, long, int)[] Batch)[]> _steps =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], _batch).Array[1, 12];

    static readonly Gen<(long First, long Last, long From, long To, int Page, int Limit)> _query =
        Gen.Select(Gen.Long[0, 40], Gen.Long[0, 40], Gen.Long[-25, 25], Gen.Long[-25, 25], Gen.Int[1, 4], Gen.Int[1, 30]);

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task memory_and_file_answer_the_same()
    {
        var file = VenueData.NewFile();
        await using (var store = SqliteVenueStore.Open(file, TestVenue.Clock, NullLogger.Instance))
            await SampleAsync(store, iterations: 60);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task memory_and_database_answer_the_same()
    {
        using var schema = PostgresSchema.New();
        await using var store = await PostgresVenueStore.OpenAsync(
            schema.ConnectionString, TestVenue.Clock, NullLogger.Instance, Cancelled);
        await SampleAsync(store, iterations: 40);
    }

    static async Task SampleAsync(VenueStore store, int iterations)
    {
        var drawn = 0;
        await Gen.Select(_steps, _query, _query).SampleAsync(
            async (steps, one, two) =>
            {
                var name = $"company {Interlocked.Increment(ref drawn)}";
                await using var memory = new MemoryVenueStore(TestVenue.Clock);
                var left = new Played(memory, await memory.CompanyAsync(name));
                var right = new Played(store, await store.CompanyAsync(name));
                await left.PlayAsync(steps);
                await right.PlayAsync(steps);
                foreach (var query in new[] { one, two })
                {
                    await left.LookAsync(query);
                    await right.LookAsync(query);
                }

                Assert.Equal(left.Told, right.Told);
            },
            iter: iterations,
            threads: 1);
    }

    /// <summary>A store, and all it told; tokens as the number of their session.</summary>
    sealed class Played(VenueStore store, int company)
    {
        readonly List<string> _tokens = [];
        readonly StringBuilder _told = new();
        string _device = "";

        public string Told => _told.ToString();

        public async Task PlayAsync((int Kind, int Session, (long, long, int)[] Batch)[] steps)
        {
            _device = (await store.BindAsync(company, new("S", "M", null, "A", null))).DeviceId;
            foreach (var (kind, session, batch) in steps)
            {
                var token = _tokens.Count == 0 ? "nobody" : _tokens[session % _tokens.Count];
                if (kind == 0)
                    Tell(await store.CloseAsync(company, token));
                else if (kind <= 2 || _tokens.Count == 0)
                    _tokens.Add((await store.OpenAsync(company, _device, $"{kind}"))!);
                else
                    await InsertAsync(_tokens[session % _tokens.Count], batch);
            }
        }

        public async Task LookAsync((long First, long Last, long From, long To, int Page, int Limit) query)
        {
            var numbers = PassingRange.All with { First = query.First, Last = query.Last };
            var times = PassingRange.All with { FromMs = query.From, ToMs = query.To };
            var paging = new Paging(query.Page, query.Limit);
            var device = await store.FindDeviceAsync(company, _device, Cancelled);
            Tell((device?.Description, device?.Sessions, device?.Passings, device?.WrittenMs));
            var (page, total) = await store.SessionsAsync(company, _device, paging, Cancelled);
            Tell((string.Join(' ', page.Select(s => (s.Alias, s.Info.Active, s.Info.Passings))), total));
            Tell((await store.ActiveSessionAsync(company, _device, Cancelled))?.Alias);
            Tell(await store.DevicePassingsAsync(company, _device, times, paging, Cancelled));
            foreach (var token in _tokens)
            {
                var info = (await store.FindSessionAsync(company, token, Cancelled))!.Info;
                Tell(info.Passings == 0 ? new SessionInfo(info.Active, 0, 0, 0) : info);
                Tell(await store.SessionPassingsAsync(company, token, numbers, paging, Cancelled));
                Tell(await store.SessionPassingsAsync(company, token, PassingRange.All, paging, Cancelled));
                var feed = await store.FeedAsync(company, _device, new(token, query.First, times, paging), Cancelled);
                Tell((_tokens.IndexOf(feed!.Token), feed.Alias, feed.ResumedFrom, feed.Paging));
                Tell(feed.Passings);
            }
        }

        async Task InsertAsync(string token, (long Number, long Time, int Text)[] passings)
        {
            var batch = new PassingsBatch();
            batch.Body.Set("0123456789\0Zürich"u8);
            foreach (var (number, time, text) in passings)
            {
                ref var passing = ref batch.Add();
                (passing.Number, passing.TimeMs) = (number, time);
                passing.Texts[PassingText.Bib] = new TextSlice(text, text);
                if (text % 3 == 0)
                    passing.Texts[PassingText.Gender] = new TextSlice(0, text);
                if (text % 2 == 0)
                    passing.Texts[PassingText.Latitude] = new TextSlice(1, 1 + (text / 3));
            }

            Tell(await store.InsertAsync(company, token, batch));
            foreach (var (row, _, number, time, texts, bytes) in batch.Conflicts)
                Tell((row, number, time, Texts(texts, bytes)));
        }

        void Tell(PassingsPage? page)
        {
            using var passings = page!;
            for (var i = 0; i < passings.Count; i++)
            {
                var texts = passings[i].Texts(passings.Chunks(i), out var bytes);
                var session = _tokens.IndexOf(passings.Session(i).Token);
                Tell((session, passings[i].Number, passings[i].TimeMs, Texts(texts, bytes)));
            }

            Tell((passings.Count, passings.Total));
        }

        void Tell<T>(T said) => _told.Append(said).AppendLine();

        static string Texts(TextSlices texts, ReadOnlySpan<byte> bytes)
        {
            var all = new StringBuilder();
            for (var i = 0; i < PassingText.Count; i++)
                all.Append(texts[i].IsNull ? "-" : $"'{Encoding.UTF8.GetString(texts[i].In(bytes))}'");
            return all.ToString();
        }
    }
}
