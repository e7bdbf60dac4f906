using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public sealed class ApiKeysOnPostgresTests : ApiKeysTests, IPostgresVenueTests;

public sealed class CompanyOnPostgresTests : CompanyTests, IPostgresVenueTests;

public sealed class CompressedBodyOnPostgresTests : CompressedBodyTests, IPostgresVenueTests;

public sealed class DeviceOperationsOnPostgresTests : DeviceOperationsTests, IPostgresVenueTests;

public sealed class DevicePassingsOnPostgresTests : DevicePassingsTests, IPostgresVenueTests;

public sealed class InsertPassingsOnPostgresTests : InsertPassingsTests, IPostgresVenueTests;

public sealed class RawRequestsOnPostgresTests : RawRequestsTests, IPostgresVenueTests;

public sealed class ReadPassingsOnPostgresTests : ReadPassingsTests, IPostgresVenueTests;

public sealed class SessionOperationsOnPostgresTests : SessionOperationsTests, IPostgresVenueTests;

public sealed class VenueProfileOnPostgresTests : VenueProfileTests, IPostgresVenueTests;

public sealed class VenueServerOnPostgresTests : VenueServerTests, IPostgresVenueTests;

public sealed class PageOnPostgresTests : PageTests, IPostgresVenueTests;
