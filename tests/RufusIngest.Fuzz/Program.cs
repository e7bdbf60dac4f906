using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using RufusIngest.Conformance;
using RufusIngest.Fuzz;
using RufusIngest.Reads;
using SharpFuzz;

return args switch
{
    ["list"] => List(),
    ["corpus", var folder] => WriteCorpus(folder),
    ["run", var name] => Run(name),
    ["replay", var name, var file] => Replay(Find(name), File.ReadAllBytes(file)),
    ["quick", var count, .. var names] => Quick(int.Parse(count, CultureInfo.InvariantCulture), names),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        "RufusIngest.Fuzz list | corpus FOLDER | run TARGET | replay TARGET FILE | quick COUNT [TARGET…]");
    return 2;
}

static Target Find(string name) => Targets.Create().FirstOrDefault(target => target.Name == name)
    ?? throw new ArgumentException($"There is no target '{name}'.");

static int List()
{
    foreach (Target target in Targets.Create())
        Console.WriteLine(target.Name);
    return 0;
}

// The tests lie beside the program where fuzz.sh builds them.
static Assembly Tests() => Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, "RufusIngest.Tests.dll"));

static int WriteCorpus(string folder)
{
    foreach (Target target in Targets.Create())
    {
        string own = Path.Combine(folder, target.Name);
        Directory.CreateDirectory(own);
        int number = 0;
        foreach (byte[] stream in Corpus.Of(Tests(), target))
            File.WriteAllBytes(Path.Combine(own, (number++).ToString("d3", CultureInfo.InvariantCulture)), stream);
    }

    return 0;
}

// afl-fuzz gives the inputs, over and over in this process; an exception is a crash to it. Nothing of the library may
// run before it has given the memory into which the instrumented code writes.
static int Run(string name)
{
    using MemoryStream copy = new();
    Target? target = null;
    Fuzzer.Run(stream =>
    {
        target ??= Find(name);
        copy.SetLength(0);
        stream.CopyTo(copy);
        target.Test(copy.GetBuffer().AsSpan(0, (int)copy.Length));
    });
    return 0;
}

static int Replay(Target target, byte[] input)
{
    Console.WriteLine($"{input.Length} bytes: {Encoding.Latin1.GetString(input)}");
    int found = 0;
    try
    {
        target.Test(input);
        Console.WriteLine("nothing found");
    }
    catch (Exception exception)
    {
        Console.WriteLine(exception is FindingException ? exception.Message : exception.ToString());
        found = 1;
    }

    Console.WriteLine("it gives");
    foreach (ChipRead read in target.Last.Reads)
        Console.WriteLine($"  {ParserRun.Describe(read)}");
    foreach (Heard control in target.Last.Controls)
        Console.WriteLine($"  {control}");
    foreach (Refused reject in target.Last.Rejects)
        Console.WriteLine($"  {reject}");
    return found;
}

// What the tests do, with another number of inputs.
static int Quick(int count, string[] names)
{
    int findings = 0;
    foreach (Target target in Targets.Create().Where(target => names.Length == 0 || names.Contains(target.Name)))
    {
        long started = Stopwatch.GetTimestamp();
        int inputs = 0;
        HashSet<string> messages = [];
        foreach (byte[] input in Mutations.Of(Corpus.Of(Tests(), target), count))
        {
            inputs++;
            try
            {
                target.Test(input);
            }
            catch (Exception exception)
            {
                if (messages.Count < 5 && messages.Add(exception.Message))
                {
                    Console.WriteLine($"{target.Name}: {Convert.ToBase64String(input)}");
                    Console.WriteLine($"{Encoding.Latin1.GetString(input)}\n{exception}\n");
                }


                findings++;
            }
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{target.Name,-18} {inputs,8} inputs {inputs / seconds,8:f0}/s {target.Reads,8} reads "
            + $"{target.Unsaid,6} not said"));
    }

    return findings > 0 ? 1 : 0;
}
